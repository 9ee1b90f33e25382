// TrustlogService
