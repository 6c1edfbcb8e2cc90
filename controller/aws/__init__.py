"""AWS as the controller uses it: sessions per account, clients, retries, items, transactions, and AWS's errors in our words."""
