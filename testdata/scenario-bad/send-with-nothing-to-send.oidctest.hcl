idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  sign_in = "none"
  send {
      code = "x"
    }
}
