idp {
  logn = "form"
}
client "web" {}
run "signs_in" {}
