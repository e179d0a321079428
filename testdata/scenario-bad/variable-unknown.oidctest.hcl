variable "who" {
  default = "alice"
}
idp {
  user "alice" {
    password = "correct horse battery staple"
  }
}
client "web" {}
run "signs_in" {
  user = var.whom
}
