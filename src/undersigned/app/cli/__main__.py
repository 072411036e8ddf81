from undersigned.app.cli import main

main()
