"""The pages: thin views that read a link or a sign-in, call one verb and show one page."""
