module example.org/go-status

go 1.21
