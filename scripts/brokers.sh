# shellcheck shell=bash
# A real Redis and a real RabbitMQ for tests/scale: what answers at the usual ports, else Debian's,
# started here and ended by stop_brokers. And a compose client, to check deploy/linux/compose.yaml.
# Sourced by test.sh. Each function is false when there is no way to have it.

REDIS_PID=
RABBITMQ_PID=
BROKERS_DIR=

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for_port() {
    local port=$1 pid=$2 tries
    for tries in $(seq 120); do
        port_answers "$port" && return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.5
    done
    say "nadie escucha en el puerto $port ($tries intentos)"
    return 1
}

use_brokers() {
    use_redis && use_rabbitmq
}

use_redis() {
    port_answers 6379 && return 0
    has redis-server || install_packages redis-server || return 1
    port_answers 6379 && return 0 # the package may have started it
    BROKERS_DIR=${BROKERS_DIR:-$(mktemp -d)}
    redis-server --port 6379 --bind 127.0.0.1 --save "" --dir "$BROKERS_DIR" \
        >"$BROKERS_DIR/redis.log" 2>&1 &
    REDIS_PID=$!
    wait_for_port 6379 "$REDIS_PID"
}

use_rabbitmq() {
    PATH="$PATH:/usr/sbin:/usr/lib/rabbitmq/bin"
    port_answers 5672 && return 0
    has rabbitmq-server || install_packages rabbitmq-server || return 1
    port_answers 5672 && return 0
    BROKERS_DIR=${BROKERS_DIR:-$(mktemp -d)}
    # Debian's wrapper runs it as its own user; the one behind it runs as who we are.
    env HOME="$BROKERS_DIR" RABBITMQ_NODENAME=whapco-tests@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_MNESIA_BASE="$BROKERS_DIR" RABBITMQ_LOG_BASE="$BROKERS_DIR" \
        RABBITMQ_PID_FILE="$BROKERS_DIR/pid" RABBITMQ_ENABLED_PLUGINS_FILE="$BROKERS_DIR/plugins" \
        /usr/lib/rabbitmq/bin/rabbitmq-server >"$BROKERS_DIR/rabbitmq.log" 2>&1 &
    RABBITMQ_PID=$!
    wait_for_port 5672 "$RABBITMQ_PID"
}

use_compose() {
    docker compose version >/dev/null 2>&1 || has docker-compose || install_packages docker-compose
}

stop_brokers() {
    local pid
    for pid in $REDIS_PID $RABBITMQ_PID; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ -n "$BROKERS_DIR" ]; then rm -rf "$BROKERS_DIR"; fi
}
