// Trustlog
