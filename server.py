"""The command line's entry point."""


def main() -> None:
    from commands import build_cli

    build_cli()()


if __name__ == "__main__":
    main()
