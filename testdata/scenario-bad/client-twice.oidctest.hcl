idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
client "web" {}
run "signs_in" {}
