idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
client "other" {}
run "signs_in" {}
