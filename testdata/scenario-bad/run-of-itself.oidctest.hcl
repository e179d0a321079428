idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  refresh_token = run.signs_in.tokens.refresh_token
}
