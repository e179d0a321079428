idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
assert "x" {
  condition = true
}
