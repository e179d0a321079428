idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  asert "x" {
      condition = true
    }
}
