import { bytesOfText } from '../../../base/path.ts';
import type { Interpreter } from './types.ts';
import { wholeFolders } from './whole-folders.ts';

/** Tools for writing programs, which Ruby brings along as gems. */
const WORKSHOP =
  /\/(?:doc|man|ri|rdoc|sig|test|tests|spec|cache|build_info|bug)$|\.(?:rbs|ri|h|a|c|o|gem)$|\/gems\/(?:rbs|typeprof|debug|test-unit|minitest|power_assert)-[^/]+$/;

/** Ruby: its library whole, for `require` takes computed names everywhere, and RubyGems with the gems that are installed (rbconfig.rb: rubylibdir, archdir, vendordir, sitedir). */
export const ruby: Interpreter = {
  programs: /^(?:ruby|jruby|truffleruby)(?:-?\d[\d.]*)?$/,
  wanted: async (prefix, { context }, { tree }) => {
    const libraries = ['lib/ruby', 'lib/*/ruby'].flatMap((folder) =>
      ['[0-9]*', 'vendor_ruby', 'site_ruby'].map((name) => `${prefix}/${folder}/${name}`),
    );
    const gems = [
      `${prefix}/lib/ruby/gems/*`,
      '/var/lib/gems/*',
      '/usr/share/rubygems-integration',
      '/usr/local/bundle',
      `${context.cwd}/vendor/bundle`,
    ];
    const named = ['GEM_HOME', 'BUNDLE_PATH'].flatMap((name) => context.env[name] ?? []).map(bytesOfText);
    const absolute = named.filter((path) => /^\/[^/]+\/./.test(path));
    return [
      ...wholeFolders(tree, libraries, 'the library of Ruby', WORKSHOP),
      ...wholeFolders(tree, [...gems, ...absolute], 'gems for Ruby', WORKSHOP),
    ];
  },
};
