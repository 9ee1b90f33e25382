print("trustlog")
