"""The commands, one verb each; `scheduler.cli` names them and loads each when it is called."""
