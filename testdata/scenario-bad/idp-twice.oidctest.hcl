idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
idp {}
run "signs_in" {}
