#!/bin/sh
# A door by curl: KITH_KEY=... sh examples/door.sh http://kith:8000 front http://camera/latest.jpg
# Exit code 0: granted. Anything else, such as no answer within 2 seconds: the door stays shut.
set -eu
kith=$1 door=$2 camera=$3
pictures=$(mktemp -d)
trap 'rm -r "$pictures"' EXIT
set --
for number in 1 2 3 4 5; do
    set -- "$@" --form "captured_at=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)" # GNU date
    curl -sSf --output "$pictures/$number.jpg" "$camera"
    set -- "$@" --form "images=@$pictures/$number.jpg"
    sleep 0.2
done
answer=$(printf 'Authorization: Bearer %s' "$KITH_KEY" |
    curl -sSf --max-time 2 --header @- "$@" "$kith/v1/doors/$door/decisions")
echo "$answer"
case $answer in
    '{"decision":"granted",'*) exit 0 ;; # here a lock would be opened
    *) exit 1 ;;
esac
