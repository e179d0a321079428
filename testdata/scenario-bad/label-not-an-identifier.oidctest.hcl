idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs in" {
  user = "alice"
}
