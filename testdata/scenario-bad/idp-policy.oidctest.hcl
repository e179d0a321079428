idp {
  login = "okta"
  user "alice" {
    password = "correct horse battery staple"
    policy   = ["pasword"]
  }
}
client "web" {}
run "signs_in" {}
