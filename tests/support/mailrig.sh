#!/usr/bin/env bash
# A real mail server (Postfix) and a real mailbox server (Dovecot: IMAP, LMTP) on loopback, for the tests.
#
#   mailrig.sh install      once a machine, as root
#   mailrig.sh start [DIR]  prints KEY=VALUE lines: ports, password, certificate, maildirs
#   mailrig.sh stop DIR     ends only what its own pid files name, and removes DIR
#   mailrig.sh status | env | flush | queue DIR
#
# Nothing leaves the machine: any address @example.test, @example.org, @campus.test is delivered (name+detail@
# to name@); @bounce.test and @full.test bounce with a real DSN; @defer.test is deferred;
# hardreject@, softreject@ and policy@example.test are refused at RCPT; all other domains are refused.
set -u
LIBX=${RIG_LIBEXEC:-${TMPDIR:-/tmp}/mailrig-libexec}
[ -x /usr/lib/dovecot/imap-login ] && LIBX=/usr/lib/dovecot
say() { echo "mailrig: $*" >&2; }
die() { say "$*"; exit 2; }

free_port() { python3 - <<'P'
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])
P
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections 2>/dev/null
  if ! { command -v postfix && command -v dovecot && [ -x /usr/lib/dovecot/lmtp ]; } >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends \
      postfix dovecot-core dovecot-lmtpd openssl >/dev/null || die "apt-get failed"
  fi
  # dovecot-imapd conflicts with other IMAP packages (cyrus-imapd): its two programs
  # are unpacked privately instead of being installed.
  [ -x "$LIBX/imap-login" ] && return 0
  local t; t=$(mktemp -d) && chmod 755 "$t" && (cd "$t" && apt-get download -qq dovecot-imapd >/dev/null 2>&1 && dpkg -x dovecot-imapd_*.deb x) \
    && mkdir -p "$LIBX" && cp "$t"/x/usr/lib/dovecot/imap* "$LIBX"/ && chmod -R a+rX "$LIBX"
  rm -rf "$t"; [ -x "$LIBX/imap-login" ] || die "dovecot-imapd could not be unpacked"
}

wait_port() { # port seconds
  python3 - "$1" "$2" <<'P'
import socket, sys, time
end = time.time() + float(sys.argv[2])
while time.time() < end:
    try:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1); s.settimeout(3)
        if s.recv(64): sys.exit(0)
    except OSError: time.sleep(.05)
sys.exit(1)
P
}

start() {
  [ "$(id -u)" = 0 ] || die "Postfix's master needs root (the listeners are loopback only)"
  command -v postfix >/dev/null && command -v dovecot >/dev/null && [ -x "$LIBX/imap-login" ] || die "run 'mailrig.sh install' first"
  D=${1:-$(mktemp -d "${TMPDIR:-/tmp}/mailrig.XXXXXX")}; mkdir -p "$D"; D=$(cd "$D" && pwd)
  [ ! -e "$D/.mailrig" ] || die "$D already holds a rig: stop it first"
  [ -z "$(ls -A "$D")" ] || die "$D is not empty"
  : > "$D/.mailrig"
  SMTP=${RIG_SMTP_PORT:-$(free_port)}; SUB=${RIG_SUBMISSION_PORT:-$(free_port)}
  IMAP=${RIG_IMAP_PORT:-$(free_port)}; IMAPS=${RIG_IMAPS_PORT:-$(free_port)}
  LMTP=${RIG_LMTP_PORT:-$(free_port)}
  PASS=${RIG_PASSWORD:-rig-secret}
  APP=${RIG_APP_ROUTE:-}          # e.g. lmtp:inet:127.0.0.1:2424 or smtp:[127.0.0.1]:2526
  chmod 755 "$D"
  mkdir -p "$D/etc" "$D/queue" "$D/data" "$D/mail" "$D/dovecot/run" "$D/tls" "$D/log"
  chown postfix "$D/data"; chown -R mail:mail "$D/mail"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout "$D/tls/key.pem" -out "$D/tls/cert.pem" \
    -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" >/dev/null 2>&1 || die "openssl failed"
  chmod 600 "$D/tls/key.pem"

  cat > "$D/dovecot/dovecot.conf" <<C
base_dir = $D/dovecot/run
state_dir = $D/dovecot
instance_name = rig-$$
log_path = $D/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$D/tls/cert.pem
ssl_key = <$D/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
first_valid_uid = 1
mail_uid = mail
mail_gid = mail
mail_location = maildir:~/Maildir
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
login_trusted_networks = 127.0.0.0/8
mail_max_userip_connections = 200
namespace inbox {
  inbox = yes
}
passdb {
  driver = static
  args = password=$PASS
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$D/mail/%Lu allow_all_users=yes
}
service imap {
  executable = $LIBX/imap
}
service imap-urlauth {
  executable = $LIBX/imap-urlauth
}
service imap-urlauth-login {
  executable = $LIBX/imap-urlauth-login
}
service imap-urlauth-worker {
  executable = $LIBX/imap-urlauth-worker
}
service imap-hibernate {
  executable = $LIBX/imap-hibernate
}
service imap-login {
  executable = $LIBX/imap-login
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $LMTP
  }
}
service auth {
  unix_listener $D/queue/private/rig-auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service anvil {
  client_limit = 400
}
service stats {
  client_limit = 400
}
C

  cat > "$D/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $D/queue
data_directory = $D/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = $D
maillog_file = $D/log/postfix.log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.rig.test
mydomain = rig.test
myorigin = rig.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 no local delivery here
mynetworks = 127.0.0.0/8
default_transport = error:5.4.4 the rig never leaves this machine
relay_transport = error:5.4.4 the rig never leaves this machine
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
virtual_mailbox_domains = inline:{ example.test=x, example.org=x, campus.test=x, bounce.test=x, defer.test=x, full.test=x }
virtual_transport = lmtp:inet:127.0.0.1:$LMTP
virtual_mailbox_maps =
relay_domains = app.test
transport_maps = inline:{ { bounce.test = error:5.1.1 user unknown }, { full.test = error:5.2.2 mailbox full }, { defer.test = retry:4.2.1 mailbox temporarily disabled }, { app.test = ${APP:-error:5.3.2 no application listener configured} } }
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{ { hardreject@example.test = 550 5.1.1 no such user here }, { softreject@example.test = 451 4.3.0 try again later }, { policy@example.test = 554 5.7.1 refused by policy } }, reject_unauth_destination
smtpd_reject_unlisted_recipient = no
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/rig-auth
smtpd_tls_cert_file = $D/tls/cert.pem
smtpd_tls_key_file = $D/tls/key.pem
smtpd_tls_security_level = may
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 200
smtpd_client_message_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
recipient_delimiter = +
message_size_limit = 10240000
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
maximal_queue_lifetime = ${RIG_QUEUE_LIFETIME:-60s}
bounce_queue_lifetime = ${RIG_QUEUE_LIFETIME:-60s}
delay_warning_time = 0
lmtp_destination_recipient_limit = 1
lmtp_destination_concurrency_limit = 10
in_flow_delay = 0
C

  cat > "$D/etc/master.cf" <<C
127.0.0.1:$SMTP inet n - n - 100 smtpd
127.0.0.1:$SUB inet n - n - 20 smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
C
  mkdir -p "$D/queue/private"; chown postfix "$D/queue/private"; chmod 700 "$D/queue/private"
  postfix -c "$D/etc" start >"$D/log/postfix-start.log" 2>&1 || { cat "$D/log/postfix-start.log" >&2; die "postfix did not start"; }
  dovecot -c "$D/dovecot/dovecot.conf" >"$D/log/dovecot-start.log" 2>&1 || { cat "$D/log/dovecot-start.log" >&2; stop "$D"; die "dovecot did not start"; }
  cat > "$D/rig.env" <<C
RIG_DIR=$D
RIG_HOST=127.0.0.1
RIG_SMTP_PORT=$SMTP
RIG_SUBMISSION_PORT=$SUB
RIG_IMAP_PORT=$IMAP
RIG_IMAPS_PORT=$IMAPS
RIG_LMTP_PORT=$LMTP
RIG_PASSWORD=$PASS
RIG_CA=$D/tls/cert.pem
RIG_MAIL=$D/mail
C
  for p in "$SMTP" "$IMAP" "$LMTP"; do wait_port "$p" 15 || { tail -5 "$D"/log/*.log >&2; stop "$D"; die "port $p did not answer"; }; done
  cat "$D/rig.env"
}

end_pid() { # pidfile name: TERM, then KILL after 5 s, and only if it is still that program
  [ -s "$1" ] || return 0
  local pid; pid=$(tr -dc 0-9 < "$1"); [ -n "$pid" ] && [ -d "/proc/$pid" ] || return 0
  case "$(tr '\0' ' ' < "/proc/$pid/cmdline")" in *"$2"*) ;; *) return 0;; esac
  kill -TERM "$pid" 2>/dev/null
  for _ in $(seq 50); do [ -d "/proc/$pid" ] || return 0; sleep .1; done
  kill -KILL "$pid" 2>/dev/null
}

stop() {
  local D=${1:?DIR}
  end_pid "$D/dovecot/run/master.pid" dovecot
  end_pid "$D/queue/pid/master.pid" master
  rm -f "$D/rig.env"
  [ -n "${RIG_KEEP:-}" ] || { [ -e "$D/.mailrig" ] && rm -rf "$D"; }
}

case ${1:-} in
  install) install;;
  start) start "${2:-}";;
  stop) stop "${2:?DIR}";;
  env) cat "${2:?DIR}/rig.env";;
  status) [ -s "${2:?DIR}/rig.env" ] && . "$2/rig.env" && wait_port "$RIG_SMTP_PORT" 2 && wait_port "$RIG_IMAP_PORT" 2 && echo up || { echo down; exit 1; };;
  flush) postqueue -c "${2:?DIR}/etc" -f;;
  queue) postqueue -c "${2:?DIR}/etc" -j;;
  *) sed -n 's/^#   //p' "$0" >&2; exit 2;;
esac
