package chrome
