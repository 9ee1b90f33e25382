// TrustlogAdmin
