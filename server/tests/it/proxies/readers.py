# Reports where Starlette routes a request to, and which path it gives to the service.
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def report(route):
    async def answer(request):
        return JSONResponse({"starlette": route, "request.url": request.url.path})

    return answer


PROTECTED = ("/orders", "/catalog/drafts")
routes = [Route(path + rest, report(path)) for path in PROTECTED for rest in ("", "/{rest:path}")]
app = Starlette(routes=[*routes, Route("/{rest:path}", report("/another"))])
