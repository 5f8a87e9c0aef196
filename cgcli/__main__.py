"""Run the command line: `python -m cgcli`."""

from cgcli.commands.app import main

if __name__ == "__main__":
    main()
