idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
locals "x" {}
run "signs_in" {}
