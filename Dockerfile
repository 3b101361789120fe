# A server for a GPU machine: the build, a Java runtime with just the modules that it uses, and nothing else.
#
#   docker build -t penstock .
#   docker run --gpus all -p 8000:8000 -v models:/models penstock --model /models/LFM2.5-8B-A1B
#
# Without --gpus it serves the bundled demo model on the CPU.
FROM maven:3-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
RUN ./penstock build \
    && jlink --add-modules java.base,java.logging,java.management,java.naming,java.net.http,jdk.crypto.ec,jdk.incubator.vector,jdk.jfr,jdk.management,jdk.unsupported \
        --strip-debug --no-man-pages --no-header-files --compress zip-6 --output /opt/java

FROM nvidia/cuda:12.6.3-base-ubuntu24.04
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --uid 10001 penstock
COPY --from=build /opt/java /opt/java
COPY --from=build /src/cli/target/dist/lib /opt/penstock/lib
COPY --from=build /src/models /opt/penstock/models
COPY --from=build /src/deploy/penstock-image /usr/local/bin/penstock
# By number: a cluster that admits no root cannot look up a name.
USER 10001
WORKDIR /home/penstock
# What each port speaks: HTTP, gRPC. Metrics are at /metrics of the first.
EXPOSE 8000 50051
STOPSIGNAL SIGTERM
# Ready only when the model is loaded and one step has run; 503 while it drains.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s CMD curl -fsS http://127.0.0.1:8000/health || exit 1
ENTRYPOINT ["penstock", "serve", "--host", "0.0.0.0"]
