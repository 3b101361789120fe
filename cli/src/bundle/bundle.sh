#!/bin/sh
# Packs a build for a machine with a GPU and neither JDK nor network: a Java runtime, the jars, and two launchers.
#
#   bundle.sh JDK DIST FILE    JDK: 25.0.3 or newer; DIST: the build, with its jars in lib; FILE: the tar.gz to write
set -eu

jdk=$1 dist=$2 file=$3
here=$(CDPATH='' cd -P "$(dirname "$0")" && pwd)
max_bytes=$((25 * 1024 * 1024))

# What the jars use of the JDK (jdeps), without what they ask for only if it is there: java.desktop, java.sql, java.xml.
# java.net.http is for models of a hub, which a machine without a network does not ask.
modules=java.base,java.logging,java.management,jdk.incubator.vector,jdk.jfr,jdk.management

case $file in
    /*) ;;
    *) file=$(pwd)/$file ;;
esac
mkdir -p "$(dirname "$file")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
root=$work/penstock
mkdir -p "$root/lib" "$work/jar"

# Not compressed: gzip over the whole is better than zip over each class.
"$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-man-pages --no-header-files --compress zip-0 \
    --output "$root/java" 2> "$work/jlink.log" || { cat "$work/jlink.log" >&2; exit 1; }
if command -v strip > /dev/null; then
    strip "$root/java/lib/server/libjvm.so"
fi

# Without the PTX compiler and the other native libraries that only tests or other systems need.
for jar in "$dist"/lib/*.jar; do
    # JMH and what it needs time the engine on the host, which is not what the bundle goes to a GPU machine for.
    case ${jar##*/} in
        jmh-core-* | commons-math3-* | jopt-simple-*) continue ;;
        # The protocols of servers, likewise.
        netty-* | grpc-* | proto* | guava-* | failureaccess-* | listenablefuture-* | gson-* | perfmark-* | \
            prometheus-* | error_prone_* | j2objc-* | animal-sniffer-* | annotations-* | jsr305-* | jspecify-* | \
            javax.annotation-api-*)
            continue ;;
        # Latencies of load generators, which need the protocols.
        HdrHistogram-*) continue ;;
        # Parquet files of batch jobs.
        parquet-* | hardwood-* | zstd-jni-* | snappy-java-* | jts-core-*) continue ;;
    esac
    rm -rf "$work/jar"
    mkdir "$work/jar"
    (
        cd "$work/jar"
        "$jdk/bin/jar" -xf "$jar"
        # The messages of gRPC mean nothing without its jars, nor does what JMH made of its benchmarks.
        rm -rf lib/libJNv* lib/libJCudaRuntime* lib/libJCublas-* META-INF/maven io/penstock/serving/grpc/wire \
            io/penstock/bench/jmh/jmh_generated META-INF/BenchmarkList META-INF/CompilerHints \
            org/jline/nativ/Windows org/jline/nativ/Mac org/jline/nativ/FreeBSD \
            org/jline/builtins org/jline/console org/jline/shell org/jline/widget
        "$jdk/bin/jar" -c -0 -M -f "$root/lib/$(basename "$jar")" .
    )
done

cp "$here/penstock" "$here/gpu-check" "$root/"
chmod 755 "$root/penstock" "$root/gpu-check"
commit=$(git -C "$here" rev-parse --verify HEAD 2> /dev/null || echo unknown)
if [ "$commit" != unknown ] && [ -n "$(git -C "$here" status --porcelain -- :/ ':(top,exclude)bench/results')" ]; then
    commit=$commit-dirty
fi
printf '%s\n' "$commit" > "$root/commit"

tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - penstock | gzip -9n > "$file.part"
bytes=$(wc -c < "$file.part")
if [ "$bytes" -gt "$max_bytes" ]; then
    rm -f "$file.part"
    printf 'penstock: the bundle would have %s bytes, more than %s: leave out what a GPU machine does not need (%s)\n' \
        "$bytes" "$max_bytes" "$here/bundle.sh" >&2
    exit 1
fi
mv "$file.part" "$file"
printf '%s: %s bytes\n' "$file" "$bytes"
