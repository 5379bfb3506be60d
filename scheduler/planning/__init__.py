"""Who meets whom, and when: values in, a plan out. Nothing here knows a database."""
