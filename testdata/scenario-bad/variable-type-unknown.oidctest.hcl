variable "n" {
  type = text
}
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {}
