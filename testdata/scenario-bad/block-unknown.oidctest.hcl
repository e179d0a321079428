idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
runn "signs_in" {}
