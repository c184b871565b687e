// GET /pikachu answers who that is, GET /pikachu/moves/{name} what it can do, GET /health that it is there. With -healthcheck it asks itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

var moves = map[string]int{"thunderbolt": 90, "quick-attack": 40, "iron-tail": 100}

func main() {
	check := flag.Bool("healthcheck", false, "ask the service that runs here, and exit with 0 when it answers")
	flag.Parse()
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if *check {
		os.Exit(ask("http://127.0.0.1:" + port + "/health"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"status": "OK"})
	})
	mux.HandleFunc("/pikachu", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"name": "Pikachu", "number": 25, "type": "electric"})
	})
	mux.HandleFunc("/pikachu/moves/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/pikachu/moves/")
		power, known := moves[name]
		if !known {
			answer(w, http.StatusNotFound, map[string]any{"status": http.StatusNotFound, "detail": "no such move"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"move": name, "power": power})
	})
	serve(&http.Server{Addr: ":" + port, Handler: mux, ReadHeaderTimeout: 5 * time.Second})
}

func serve(server *http.Server) {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		<-stop.Done()
		deadline, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		if err := server.Shutdown(deadline); err != nil {
			log.Print(err)
		}
	}()
	log.Printf("listening on %s", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-drained
}

func ask(url string) int {
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		log.Print(err)
		return 1
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}
