// Serves given series with client_golang, as GaugeVecs: main SERIES.
//
// The series come as JSON objects, a family each.
// A line on standard input tells how many of those that change do so; the answer is a line too.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type family struct {
	Name, Help string
	Labels     []string
	Series     [][]string
	Values     []float64
	Changing   [][]string
}

type wish struct{ Homes int }

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	var changing [][]string
	var vector *prometheus.GaugeVec
	for families := json.NewDecoder(bufio.NewReader(file)); families.More(); {
		var one family
		if err := families.Decode(&one); err != nil {
			log.Fatal(err)
		}
		made := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: one.Name, Help: one.Help}, one.Labels)
		for index, labels := range one.Series {
			made.WithLabelValues(labels...).Set(one.Values[index])
		}
		registry.MustRegister(made)
		if len(one.Changing) > 0 {
			changing, vector = one.Changing, made
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	options := promhttp.HandlerOpts{EnableOpenMetrics: true}
	go http.Serve(listener, promhttp.HandlerFor(registry, options))
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	value := 0.0
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var asked wish
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		for _, labels := range changing[:asked.Homes] {
			value += 0.001
			vector.WithLabelValues(labels...).Set(value)
		}
		fmt.Printf("{\"value\": %g}\n", value)
	}
}
