#!/bin/sh
# Stands for an application: ten operations every ten seconds to the input topic, until it is stopped.
set -eu
batch=0
while :; do
  for index in 0 1 2 3 4 5 6 7 8 9; do
    printf '{"opId":"example-%s-%s-%s","timestamp":"%s",' "$$" "$(date +%s)" "$index" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    printf '"opSource":"DOIP","opType":"0.DOIP/Op.Create","doPrefix":"86.1000","doRepository":"86.1000/repository-1",'
    printf '"doid":"86.1000/object-%s-%s",' "$((batch % 10))" "$index"
    printf '"producerId":"86.1000/example","opActor":"86.1000/user-1"}\n'
  done | trustlog produce
  batch=$((batch + 1))
  sleep 10
done
