# Groups and other claims, and values that are used in several places.
variable "admins" {
  type        = string
  default     = "admins"
  description = "the group of those who may do everything; --var admins=… is another"
}

locals {
  password = "correct horse battery staple"
}

idp {
  user "alice" {
    password = local.password
    groups   = ["staff", var.admins]
    claims   = { department = "qa" }
  }
  user "bob" {
    password = local.password
    groups   = ["staff"]
  }
}

client "web" {
  scopes = ["openid", "profile", "groups"]
}

run "admin" {
  user = "alice"

  assert "in_group" {
    condition     = contains(result.id_token.groups, var.admins)
    error_message = "groups are ${jsonencode(result.id_token.groups)}"
  }
  assert "department" {
    condition = result.id_token.department == "qa"
  }
}

run "not_an_admin" {
  user = "bob"

  assert "in_no_such_group" {
    condition = !contains(result.id_token.groups, var.admins)
  }
}

run "groups_in_common" {
  description = "a run reads the runs before it; without a sign-in it only compares"
  sign_in     = "none"

  assert "staff" {
    condition = setintersection(run.admin.id_token.groups, run.not_an_admin.id_token.groups) == toset(["staff"])
  }
}
