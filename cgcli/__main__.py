"""Run the command line: `python -m cgcli`."""

from cgcli.commands.main import main

if __name__ == "__main__":
    main()
