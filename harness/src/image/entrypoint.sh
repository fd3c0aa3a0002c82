#!/bin/sh
# Starts Cassandra as the public image does: the same variables, the same arguments. Everything here is done by the shell
# itself, as there is no other program in the image but Java.
set -e
home=/opt/cassandra

# The address that this container has in its own network.
own=
while read -r address names; do
    case " $names " in *" $HOSTNAME "*) own=$address ;; esac
done </etc/hosts

listen=${CASSANDRA_LISTEN_ADDRESS:-auto}
[ "$listen" != auto ] || listen=${own:-127.0.0.1}
broadcast=${CASSANDRA_BROADCAST_ADDRESS:-$listen}
rpc=${CASSANDRA_RPC_ADDRESS:-0.0.0.0}
broadcast_rpc=${CASSANDRA_BROADCAST_RPC_ADDRESS:-$broadcast}
seeds=${CASSANDRA_SEEDS:-$broadcast}

cat_yaml() {
    printf '%s\n' \
        "cluster_name: '${CASSANDRA_CLUSTER_NAME:-Test Cluster}'" \
        "num_tokens: ${CASSANDRA_NUM_TOKENS:-16}" \
        "endpoint_snitch: ${CASSANDRA_ENDPOINT_SNITCH:-SimpleSnitch}" \
        "listen_address: $listen" \
        "broadcast_address: $broadcast" \
        "rpc_address: $rpc" \
        "broadcast_rpc_address: $broadcast_rpc" \
        'seed_provider:' \
        '  - class_name: org.apache.cassandra.locator.SimpleSeedProvider' \
        '    parameters:' \
        "      - seeds: '$seeds'"
    while IFS= read -r line; do printf '%s\n' "$line"; done <"$home/conf/settings.yaml"
}
cat_yaml >"$home/conf/cassandra.yaml"
printf 'dc=%s\nrack=%s\n' "${CASSANDRA_DC:-dc1}" "${CASSANDRA_RACK:-rack1}" >"$home/conf/cassandra-rackdc.properties"

classes=
for jar in "$home"/lib/*.jar; do
    classes=$classes${classes:+:}$jar
done
archive=
[ ! -f "$home/classes.jsa" ] || archive=-XX:SharedArchiveFile=$home/classes.jsa

# Arguments for the virtual machine may follow the name of the image; `cassandra` and `-f`, which the public image's own
# command has, say nothing here.
for argument; do
    shift
    case $argument in
    -D* | -X*) set -- "$@" "$argument" ;;
    esac
done

# shellcheck disable=SC2086
exec /opt/java/bin/java "@$home/conf/jvm.options" $archive \
    "-Xms${MAX_HEAP_SIZE:-400m}" "-Xmx${MAX_HEAP_SIZE:-400m}" "-Xmn${HEAP_NEWSIZE:-120m}" \
    $JVM_OPTS $JVM_EXTRA_OPTS "$@" -cp "$classes" org.apache.cassandra.service.CassandraDaemon
