idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "first" {}
run "second" {
  refresh_token = run.frist.tokens.refresh_token
}
