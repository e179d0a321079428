client "web" {}
user "alice" {}
run "signs_in" {}
