# Base images that are stood in for: each a --target. `debian.tar` is made by mmdebstrap; `sdk` (.NET Core), `node` and `npm` are folders of unpacked npm packages.

FROM scratch AS debian
ADD debian.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]

FROM debian AS busybox
RUN apt-get update && apt-get install -y --no-install-recommends busybox-static
# The layout of Alpine's root: applets as links to one static program, and the files that programs look into.
RUN <<END
set -eu
mkdir -p /root-fs && cd /root-fs
mkdir -p bin dev etc home proc run srv sys usr/bin usr/lib usr/local/bin usr/sbin sbin var/log
mkdir -m 1777 tmp var/tmp
mkdir -m 700 root
cp /bin/busybox bin/busybox
/bin/busybox --list-full | while read -r applet; do [ "$applet" = bin/busybox ] || ln -sf /bin/busybox "$applet"; done
printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/:/sbin/nologin >etc/passwd
printf '%s\n' root:x:0: nobody:x:65534: >etc/group
printf '%s\n' 'root:*::0:::::' 'nobody:!::0:::::' >etc/shadow && chmod 640 etc/shadow
printf '%s\n' /bin/sh /bin/ash >etc/shells
printf '%s\n' 'ID=alpine-like' 'NAME="BusyBox root"' >etc/os-release
END

FROM scratch AS alpine
COPY --from=busybox /root-fs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/bin/sh"]

# OpenSSL 1.1, which .NET Core 3.1 wants, is in the Debian before this one.
FROM debian AS dotnet-libraries
RUN sed -n 's/ bookworm / bullseye /p' /etc/apt/sources.list >/etc/apt/sources.list.d/bullseye.list \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl1.1 \
 && rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/bullseye.list
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1

FROM dotnet-libraries AS dotnet-sdk
RUN apt-get update && apt-get install -y --no-install-recommends curl git unzip && rm -rf /var/lib/apt/lists/*
COPY --from=sdk . /usr/share/dotnet
RUN ln -s ../share/dotnet/dotnet /usr/bin/dotnet
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

FROM dotnet-libraries AS dotnet-aspnet
COPY --from=sdk dotnet LICENSE.txt ThirdPartyNotices.txt /usr/share/dotnet/
COPY --from=sdk host /usr/share/dotnet/host
COPY --from=sdk shared /usr/share/dotnet/shared
RUN ln -s ../share/dotnet/dotnet /usr/bin/dotnet

# What Docker's `node` image stands on: compilers, version control, and headers of what packages of npm may be compiled against.
FROM debian AS compilers
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    autoconf automake bzip2 ca-certificates curl default-libmysqlclient-dev dpkg-dev file g++ gcc git gnupg imagemagick libbz2-dev libc6-dev \
    libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev \
    libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool \
    libwebp-dev libxml2-dev libxslt1-dev libyaml-dev make mercurial netbase openssh-client patch procps python3 sq subversion tzdata unzip wget \
    xz-utils zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*

FROM debian AS node-files
COPY --from=node bin /usr/local/bin
COPY --from=node include /usr/local/include
COPY --from=node share /usr/local/share
COPY --from=node CHANGELOG.md LICENSE README.md /usr/local/
COPY --from=npm . /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx

FROM compilers AS node-full
COPY --from=node-files /usr/local /usr/local
CMD ["node"]

FROM debian AS node-slim
COPY --from=node-files /usr/local /usr/local
CMD ["node"]
