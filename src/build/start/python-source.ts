/** What the top level of a module says, as far as starting it goes. */
export interface ModuleSketch {
  /** The object that a server is given: `app`, `application` or `api`. */
  readonly instance?: string;
  /** A function that makes one. */
  readonly factory?: string;
  readonly isAsync: boolean;
  /** `if __name__ == "__main__":`. */
  readonly runs: boolean;
}

const INSTANCES = ['app', 'application', 'api'];
const FACTORIES = ['create_app', 'make_app'];
/** Frameworks whose applications speak ASGI. */
const ASYNC =
  /^(?:from|import)\s+(?:fastapi|starlette|quart|litestar|blacksheep|falcon\.asgi|django\.core\.asgi|connexion)\b/m;
/** Constructors of what is no web application. */
const OTHERS =
  /^(?:\w+\.)*(?:Typer|Celery|QApplication|QGuiApplication|Tk|App|ArgumentParser|Application\.builder|Client)\b/;
/** `falcon.App()` is one all the same. */
const WEB = /^falcon\.(?:\w+\.)?A(?:pp|PI)\b/;
const LONG_TEXT = /("""|''')(?:[^\\]|\\[\s\S])*?\1/g;

/** Reads the lines that begin at the margin: what stands there is of the module itself. `wrapper`: names that it imports count as well. */
export function sketchOf(source: string, options: { readonly wrapper: boolean }): ModuleSketch {
  const text = source.replaceAll('\r\n', '\n').replaceAll(LONG_TEXT, '""');
  const instance = INSTANCES.find((name) => assigns(text, name) || (options.wrapper && imports(text, name)));
  const factory = FACTORIES.find((name) => new RegExp(`^(?:async[ \\t]+)?def[ \\t]+${name}[ \\t]*\\(`, 'm').test(text));
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(factory === undefined ? {} : { factory }),
    isAsync: ASYNC.test(text),
    runs: /^if[ \t(]+__name__[ \t]*==[ \t]*["']__main__["']/m.test(text),
  };
}

function assigns(text: string, name: string): boolean {
  const value = new RegExp(`^${name}[ \\t]*(?::[^=\\n]+)?=(?!=)[ \\t]*([^\\n]*)`, 'm').exec(text)?.[1];
  return value !== undefined && (WEB.test(value) || !OTHERS.test(value));
}

/** `from app import make as application, other`: what a name stands for afterwards. */
function imports(text: string, name: string): boolean {
  return [...text.matchAll(/^from[ \t]+\S+[ \t]+import[ \t]+([^\n#]*)/gm)].some(([, list = '']) =>
    list
      .replaceAll(/[()\\]/g, '')
      .split(',')
      .some(
        (item) =>
          item
            .trim()
            .split(/[ \t]+as[ \t]+/)
            .at(-1) === name,
      ),
  );
}
