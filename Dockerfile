# Both programs on Debian 12. Build it with any builder, or with scripts/build-image.sh where there is none.
FROM debian:bookworm-slim AS build

# One list of packages for developers and the image.
COPY scripts/lib/packages.sh /tmp/packages.sh
RUN bash -c '. /tmp/packages.sh && apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${BUILD_PACKAGES[@]}"' && \
    rm -rf /var/lib/apt/lists/*

# scripts/build-image.sh mounts its compiler cache at /ccache; relative paths, so that what a checkout compiled is found there.
ARG JOBS=2
# The git commit, "-dirty" after it where that is so; the checkout's history is not sent here.
ARG COMMIT=unknown
WORKDIR /src
COPY . .
ENV CCACHE_DIR=/ccache CCACHE_BASEDIR=/src CCACHE_NOHASHDIR=1
RUN cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DROWTIDE_COMMIT="${COMMIT}" -DROWTIDE_BUILD_SDK=OFF && \
    cmake --build --preset release --parallel "${JOBS}" --target rowtide-tracker rowtide-operator && \
    cmake --install build/release --prefix /install --strip && \
    mkdir -p /install/share/rowtide && \
    bash -c '. scripts/lib/compiled_in.sh && compiled_in build/release' >/install/share/rowtide/compiled-in && \
    mkdir -p /install/share/doc/rowtide && cp LICENSE /install/share/doc/rowtide && \
    while read -r package _; do cp "/usr/share/doc/$package/copyright" "/install/share/doc/rowtide/$package.copyright" || exit 1; \
    done </install/share/rowtide/compiled-in && \
    rm -rf build

FROM debian:bookworm-slim
RUN apt-get update -q && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      ca-certificates libabsl20220623 libcpp-httplib0.11 libcpprest2.10 libfmt9 libmariadb3 libprometheus-cpp-core1.0 \
      libprometheus-cpp-pull1.0 librdkafka1 libre2-9 libspdlog1.10 libssl3 libyaml-cpp0.7 libzstd1 zlib1g && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/log/*
COPY --from=build /install/bin/ /usr/local/bin/
# The packages whose headers the programs were compiled with; dpkg tells those that they are linked with.
COPY --from=build /install/share/rowtide/ /usr/local/share/rowtide/
COPY --from=build /install/share/doc/rowtide/ /usr/local/share/doc/rowtide/
ARG VERSION=unknown
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Rowtide" \
      org.opencontainers.image.description="Change tracking for MySQL-compatible databases: tracker and Kubernetes operator" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that Kubernetes can see that it is not root. Neither program writes to the file system.
USER 65532:65532
WORKDIR /
CMD ["/usr/local/bin/rowtide-tracker", "--help"]
