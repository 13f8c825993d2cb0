# The clients of the user pool. Scopes are spelt as Cognito spells them: resource server, slash, name.

resource "aws_cognito_user_pool_client" "storefront" {
  name                = "storefront"
  user_pool_id        = aws_cognito_user_pool.shop.id
  allowed_oauth_flows = ["client_credentials"]
  allowed_oauth_scopes = [
    "shop/orders.read",
    "shop/orders.write",
    "shop/invoices.read", # for a page that never came
  ]
}

resource "aws_cognito_user_pool_client" "invoicing" {
  name                 = "invoicing"
  user_pool_id         = aws_cognito_user_pool.shop.id
  allowed_oauth_flows  = ["client_credentials"]
  allowed_oauth_scopes = ["shop/orders.read", "shop/orders.write", "shop/invoices.read", "shop/invoices.write"]
}

resource "aws_cognito_user_pool_client" "warehouse" {
  name                 = "warehouse"
  user_pool_id         = aws_cognito_user_pool.shop.id
  allowed_oauth_flows  = ["client_credentials"]
  allowed_oauth_scopes = ["shop/orders.read", "shop/orders.write", "shop/invoices.write"]
}

resource "aws_cognito_user_pool_client" "export" {
  name                 = "export"
  user_pool_id         = aws_cognito_user_pool.shop.id
  allowed_oauth_flows  = ["client_credentials"]
  allowed_oauth_scopes = ["shop/orders.read", "shop/invoices.read"]
}
