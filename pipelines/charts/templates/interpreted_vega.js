// The page's policy forbids to compile text into functions, as Vega does with its expressions: it interprets them
// instead. Its menu offers the picture only: the editor is a page of others, to which it would send the data.
(() => {
  const settings = {ast: true, actions: {export: true, source: false, compiled: false, editor: false}}
  let embed
  Object.defineProperty(window, 'vegaEmbed', {
    get: () => embed,
    set: library => {
      embed = new Proxy(library, {
        apply: (draw, self, given) => {
          const place = given[0] instanceof Element ? 2 : 1
          given[place] = {...given[place], ...settings}
          return Reflect.apply(draw, self, given)
        },
      })
    },
  })
})()
