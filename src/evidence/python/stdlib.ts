/** Modules of the standard library, of CPython 3.8 to 3.14 (`sys.stdlib_module_names`). One that has no file is part of the interpreter. */
const NAMES =
  `__future__ _abc _aix_support _android_support _apple_support _ast _asyncio _bisect _blake2 _bootsubprocess _bz2 _codecs _codecs_cn
  _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _colorize _compat_pickle _compression
  _contextvars _crypt _csv _ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib
  _frozen_importlib_external _functools _gdbm _hashlib _heapq _hmac _imp _interpchannels _interpqueues _interpreters _io _ios_support
  _json _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec _multiprocessing _opcode _opcode_metadata _operator _osx_support
  _overlapped _peg_parser _pickle _posixshmem _posixsubprocess _py_abc _py_warnings _pydatetime _pydecimal _pyio _pylong _pyrepl _queue
  _random _remote_debugging _scproxy _sha1 _sha2 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics
  _string _strptime _struct _suggestions _symtable _sysconfig _thread _threading_local _tkinter _tokenize _tracemalloc _types _typing
  _uuid _warnings _weakref _weakrefset _winapi _wmi _xxsubinterpreters _zoneinfo _zstd abc aifc annotationlib antigravity argparse array
  ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd
  code codecs codeop collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv
  ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl
  filecmp fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq
  hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
  mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers
  opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath
  pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter
  runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
  sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny
  tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty
  turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib
  xml xmlrpc xxlimited xxlimited_35 xxsubtype zipapp zipfile zipimport zlib zoneinfo`.split(/\s+/);

export const STDLIB_NAMES: ReadonlySet<string> = new Set(NAMES);

/** Compiled into every interpreter: no file of that name is ever loaded. */
export const ALWAYS_BUILTIN: ReadonlySet<string> = new Set(
  `_abc _ast _codecs _collections _functools _imp _io _operator _signal _sre _stat _string _symtable _thread _tracemalloc _warnings _weakref
  atexit builtins errno faulthandler gc itertools marshal posix pwd sys time`.split(/\s+/),
);

/** What CPython imports while it starts, before `site`: all frozen since 3.11, but read from their files by older ones and by tools. */
export const START_MODULES: readonly string[] = [
  ...'abc codecs io os stat posixpath genericpath _collections_abc importlib importlib._bootstrap importlib._bootstrap_external'.split(
    ' ',
  ),
  ...'importlib.machinery importlib.util zipimport'.split(' '),
];

/** What `site` imports unless `-S`; `_bootlocale` and `types` in older versions, where they are imported by name in C. */
export const SITE_MODULES: readonly string[] = ['site', '_sitebuiltins', '_bootlocale', 'sitecustomize'];

/** What modules written in C import (CPython's Modules/, PyImport_Import* calls): nobody sees that in any source that is shipped. */
export const C_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  _asyncio: [
    'asyncio.events',
    'asyncio.base_futures',
    'asyncio.base_tasks',
    'asyncio.exceptions',
    'asyncio.coroutines',
    'traceback',
    'weakref',
  ],
  _csv: ['re'],
  _ctypes: ['ctypes._endian'],
  _curses: ['curses'],
  _datetime: ['_strptime', 'time'],
  _decimal: ['numbers', 'collections', 'collections.abc'],
  _elementtree: ['copy', 'pyexpat', 'xml.etree.ElementPath'],
  _functools: ['reprlib'],
  _io: ['locale', 'os', 'io'],
  _json: ['json.decoder', 'json.encoder', 'json.scanner'],
  _lsprof: [],
  _operator: ['functools'],
  _pickle: ['copyreg', '_compat_pickle', 'codecs', 'functools'],
  _sqlite3: ['sqlite3.dump', 'sqlite3.dbapi2'],
  _ssl: ['socket'],
  _struct: [],
  _warnings: ['linecache', 'warnings'],
  _zoneinfo: ['zoneinfo._common', 'zoneinfo._tzpath'],
  array: ['array', 'collections.abc'],
  posix: ['os'],
  pyexpat: [],
  readline: [],
  select: [],
  time: ['_strptime'],
  zlib: [],
};
