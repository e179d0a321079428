idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  refresh_token = env("OIDCFLOW_TEST_NOT_SET")
}
