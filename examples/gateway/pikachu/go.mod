module example.org/pikachu

go 1.19
