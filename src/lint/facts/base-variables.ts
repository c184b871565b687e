/**
 * Variables that well-known base images set, as their Dockerfiles have them: a file may use them without saying where they come from. What is not
 * here is unknown, and its use a finding, unless an image that was built from the file is given.
 */
const OF_IMAGES: Readonly<Record<string, readonly string[]>> = {
  amazoncorretto: ['JAVA_HOME', 'LANG'],
  bun: ['BUN_RUNTIME_TRANSPILER_CACHE_PATH', 'BUN_INSTALL_BIN'],
  caddy: ['CADDY_VERSION', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
  composer: ['COMPOSER_ALLOW_SUPERUSER', 'COMPOSER_HOME', 'COMPOSER_VERSION'],
  'eclipse-temurin': ['JAVA_HOME', 'JAVA_VERSION', 'LANG', 'LANGUAGE', 'LC_ALL'],
  golang: ['GOLANG_VERSION', 'GOPATH', 'GOTOOLCHAIN'],
  gradle: ['GRADLE_HOME', 'GRADLE_VERSION', 'JAVA_HOME', 'JAVA_VERSION', 'LANG', 'LANGUAGE', 'LC_ALL'],
  haproxy: ['HAPROXY_VERSION', 'HAPROXY_URL', 'HAPROXY_SHA256'],
  httpd: ['HTTPD_PREFIX', 'HTTPD_VERSION', 'HTTPD_SHA256', 'HTTPD_PATCHES'],
  maven: ['JAVA_HOME', 'JAVA_VERSION', 'LANG', 'LANGUAGE', 'LC_ALL', 'MAVEN_CONFIG', 'MAVEN_HOME'],
  mysql: ['MYSQL_MAJOR', 'MYSQL_VERSION', 'MYSQL_SHELL_VERSION', 'GOSU_VERSION'],
  nginx: ['DYNPKG_RELEASE', 'NGINX_VERSION', 'NJS_RELEASE', 'NJS_VERSION', 'PKG_RELEASE', 'ACME_VERSION'],
  node: ['NODE_VERSION', 'YARN_VERSION'],
  openjdk: ['JAVA_HOME', 'JAVA_VERSION', 'LANG'],
  php: [
    'APACHE_CONFDIR',
    'APACHE_ENVVARS',
    'GPG_KEYS',
    'PHPIZE_DEPS',
    'PHP_ASC_URL',
    'PHP_CFLAGS',
    'PHP_CPPFLAGS',
    'PHP_INI_DIR',
    'PHP_LDFLAGS',
    'PHP_SHA256',
    'PHP_URL',
    'PHP_VERSION',
  ],
  postgres: ['GOSU_VERSION', 'LANG', 'PGDATA', 'PG_MAJOR', 'PG_SHA256', 'PG_VERSION'],
  pypy: ['LANG', 'PYPY_VERSION'],
  python: ['GPG_KEY', 'LANG', 'PYTHON_PIP_VERSION', 'PYTHON_SHA256', 'PYTHON_VERSION'],
  redis: ['REDIS_VERSION', 'REDIS_DOWNLOAD_URL', 'REDIS_DOWNLOAD_SHA', 'GOSU_VERSION'],
  ruby: ['BUNDLE_APP_CONFIG', 'BUNDLE_SILENCE_ROOT_WARNING', 'GEM_HOME', 'LANG', 'RUBY_VERSION'],
  rust: ['CARGO_HOME', 'RUSTUP_HOME', 'RUST_VERSION'],
  tomcat: [
    'CATALINA_HOME',
    'JAVA_HOME',
    'LANG',
    'LD_LIBRARY_PATH',
    'TOMCAT_MAJOR',
    'TOMCAT_NATIVE_LIBDIR',
    'TOMCAT_VERSION',
  ],
};
const DOTNET = [
  'ASPNETCORE_HTTP_PORTS',
  'ASPNET_VERSION',
  'APP_UID',
  'DOTNET_RUNNING_IN_CONTAINER',
  'DOTNET_SDK_VERSION',
  'DOTNET_VERSION',
];

/** `registry/x/node:20@sha256:…` → `node`. */
export function lastName(image: string): string {
  const [name = ''] = image.split('@', 1);
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.split(':', 1)[0] ?? '';
}

/** Beside PATH, which every image has. */
export function variablesOfImage(image: string): readonly string[] {
  if (/(?:^|\/)dotnet\//.test(image)) return DOTNET;
  const name = lastName(image);
  return Object.hasOwn(OF_IMAGES, name) ? (OF_IMAGES[name] ?? []) : [];
}
